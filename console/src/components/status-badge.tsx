import type { LinkStatus } from "@/api/types";
import { classNames } from "@/components/class-names";

const LOOKS: Record<LinkStatus, { label: string; dot: string; text: string }> = {
  active: { label: "Active", dot: "bg-accent-bright", text: "text-accent" },
  scheduled: { label: "Scheduled", dot: "bg-ink-faint", text: "text-ink-soft" },
  disabled: { label: "Disabled", dot: "bg-ink-faint", text: "text-ink-soft" },
  expired: { label: "Expired", dot: "bg-warn", text: "text-warn" },
  blocked: { label: "Blocked", dot: "bg-danger", text: "text-danger" },
  deleted: { label: "Deleted", dot: "bg-danger", text: "text-danger" },
};

export function StatusBadge({ status, compact }: { status: LinkStatus; compact?: boolean }) {
  const { label, dot, text } = LOOKS[status];
  return (
    <span className={classNames("flex items-center gap-2 text-[13px]", text)}>
      <span aria-hidden="true" className={classNames("size-1.5 rounded-full", dot)} />
      <span className={compact ? "max-md:sr-only" : undefined}>{label}</span>
    </span>
  );
}
