import { useQuery } from "@tanstack/react-query";
import { Failure } from "@/components/failure";
import { ClicksPanel } from "@/features/analytics/clicks-panel";
import { Numbers } from "@/features/analytics/numbers";
import { statsQuery } from "@/features/analytics/queries";
import type { Range } from "@/features/analytics/range";

type Props = { linkId: string; range: Range; asTable: boolean };

/** The numbers of one link, which move while it is being clicked. */
export function LinkClicks({ linkId, range, asTable }: Props) {
  const stats = useQuery(statsQuery(linkId, range));

  if (stats.isError && !stats.data) {
    return (
      <div className="rounded-xl border border-line bg-surface">
        <Failure
          title="The clicks could not be loaded"
          error={stats.error}
          onRetry={() => void stats.refetch()}
        />
      </div>
    );
  }
  return (
    <div className="space-y-4">
      <Numbers stats={stats.data} range={range} />
      <ClicksPanel
        series={stats.data?.series}
        range={range}
        asTable={asTable}
        connected={stats.failureCount === 0}
      />
    </div>
  );
}
