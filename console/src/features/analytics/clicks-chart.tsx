import {
  Bar,
  BarChart,
  CartesianGrid,
  Cell,
  ResponsiveContainer,
  Tooltip,
  XAxis,
  YAxis,
} from "recharts";
import type { StatsPoint } from "@/api/types";
import { ChartTooltip } from "@/features/analytics/chart-tooltip";
import type { Range } from "@/features/analytics/range";
import { dayStarts } from "@/features/analytics/series";
import { formatCompact, formatDay, formatHour } from "@/lib/format";

const axis = { fill: "var(--color-ink-faint)", fontSize: 12 };

type Props = { series: StatsPoint[]; range: Range };

/** The default export, because it is loaded lazily. */
export default function ClicksChart({ series, range }: Props) {
  const byDay = range === "7d";
  const most = Math.max(...series.map((point) => point.clicks));
  const running = series.length - 1;
  return (
    <ResponsiveContainer width="100%" height="100%">
      <BarChart data={series} accessibilityLayer={false} barCategoryGap={byDay ? 1 : "18%"}>
        <CartesianGrid vertical={false} stroke="var(--color-line)" />
        <XAxis
          dataKey="start"
          tick={axis}
          tickLine={false}
          axisLine={{ stroke: "var(--color-line-strong)" }}
          tickMargin={8}
          minTickGap={28}
          {...(byDay && { ticks: dayStarts(series) })}
          tickFormatter={byDay ? formatDay : formatHour}
        />
        <YAxis
          width={44}
          tick={axis}
          tickLine={false}
          axisLine={false}
          allowDecimals={false}
          tickFormatter={formatCompact}
          domain={[0, most < 4 ? 4 : "auto"]}
        />
        <Tooltip
          cursor={{ fill: "var(--color-sunken)" }}
          content={ChartTooltip}
          isAnimationActive={false}
        />
        <Bar dataKey="clicks" radius={[3, 3, 0, 0]} maxBarSize={28} isAnimationActive={false}>
          {series.map((point, index) => (
            <Cell
              key={point.start}
              fill="var(--color-accent-bright)"
              fillOpacity={index === running ? 1 : 0.55}
            />
          ))}
        </Bar>
      </BarChart>
    </ResponsiveContainer>
  );
}
