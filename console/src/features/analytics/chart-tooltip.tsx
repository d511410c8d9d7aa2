import type { TooltipContentProps } from "recharts";
import { formatClicks, formatDayAndHour } from "@/lib/format";

export function ChartTooltip({ active, payload, label }: TooltipContentProps) {
  const clicks = payload?.[0]?.value;
  if (!active || typeof clicks !== "number" || typeof label !== "string") {
    return null;
  }
  return (
    <div className="rounded-lg bg-surface px-3 py-2 text-[13px] shadow-overlay inset-ring inset-ring-line">
      <p className="font-medium tabular-nums">{formatClicks(clicks)}</p>
      <p className="text-ink-faint">{formatDayAndHour(label)}</p>
    </div>
  );
}
