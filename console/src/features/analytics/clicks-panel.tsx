import { lazy, Suspense } from "react";
import type { StatsPoint } from "@/api/types";
import { LiveSign } from "@/components/live-sign";
import { ScrollArea } from "@/components/scroll-area";
import { Skeleton } from "@/components/skeleton";
import { ClicksTable } from "@/features/analytics/clicks-table";
import type { Range } from "@/features/analytics/range";
import { RangeChoice } from "@/features/analytics/range-choice";
import { describeSeries } from "@/features/analytics/series";

// The chart library is larger than everything else together, so it arrives after the numbers.
const ClicksChart = lazy(() => import("@/features/analytics/clicks-chart"));

type Props = {
  series: StatsPoint[] | undefined;
  range: Range;
  asTable: boolean;
  connected: boolean;
};

export function ClicksPanel({ series, range, asTable, connected }: Props) {
  return (
    <section
      aria-labelledby="clicks-heading"
      className="rounded-xl border border-line bg-surface shadow-card"
    >
      <div className="flex flex-wrap items-center gap-x-4 gap-y-3 px-4 pt-4 sm:px-5">
        <h2 id="clicks-heading" className="font-semibold tracking-tight">
          Clicks per hour
        </h2>
        {series && <LiveSign connected={connected} />}
        <RangeChoice range={range} asTable={asTable} />
      </div>
      {series === undefined ? (
        <div role="status" aria-label="Loading clicks" className="h-72 p-5">
          <Skeleton className="h-full w-full" />
        </div>
      ) : (
        <>
          {!asTable && (
            <div
              role="img"
              aria-label={describeSeries(series, range)}
              className="relative h-72 p-5 pl-1"
            >
              <Suspense fallback={null}>
                <ClicksChart series={series} range={range} />
              </Suspense>
              {series.every((point) => point.clicks === 0) && (
                <p className="absolute inset-0 grid place-items-center text-ink-soft">
                  No clicks in this time
                </p>
              )}
            </div>
          )}
          {/* Behind the chart the table stays in the page, for those who cannot see the bars. */}
          {asTable ? (
            <ScrollArea label="Table of clicks per hour">
              <ClicksTable series={series} range={range} />
            </ScrollArea>
          ) : (
            <div className="sr-only">
              <ClicksTable series={series} range={range} />
            </div>
          )}
        </>
      )}
    </section>
  );
}
