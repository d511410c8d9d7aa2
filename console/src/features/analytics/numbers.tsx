import type { ReactNode } from "react";
import type { LinkStats } from "@/api/types";
import { LiveCount } from "@/components/live-count";
import { Moment } from "@/components/moment";
import { Skeleton } from "@/components/skeleton";
import { type Range, rangeName } from "@/features/analytics/range";

type Props = { stats: LinkStats | undefined; range: Range };

export function Numbers({ stats, range }: Props) {
  return (
    <dl className="grid grid-cols-2 overflow-hidden rounded-xl border border-line bg-surface shadow-card sm:grid-cols-3 sm:divide-x sm:divide-line">
      <Fact name="Total clicks">{stats && <LiveCount value={stats.total} />}</Fact>
      <Fact name={`Clicks, ${rangeName(range)}`}>
        {stats && <LiveCount value={stats.clicks} />}
      </Fact>
      <Fact name="Last click" wide>
        {stats && (stats.last_clicked_at ? <Moment at={stats.last_clicked_at} /> : "Never")}
      </Fact>
    </dl>
  );
}

type FactProps = { name: string; wide?: boolean; children: ReactNode };

function Fact({ name, wide, children }: FactProps) {
  return (
    <div
      className={
        wide
          ? "px-4 py-4 max-sm:col-span-2 max-sm:border-t max-sm:border-line sm:px-5"
          : "px-4 py-4 max-sm:first:border-r max-sm:first:border-line sm:px-5"
      }
    >
      <dt className="text-[13px] text-ink-faint">{name}</dt>
      <dd className="mt-1 flex h-8 items-center text-2xl font-semibold tracking-tight">
        {children ?? <Skeleton className="h-6 w-16" />}
      </dd>
    </div>
  );
}
