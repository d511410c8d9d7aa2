import type { StatsPoint } from "@/api/types";
import { type Range, rangeName } from "@/features/analytics/range";
import { formatCount, formatDayAndHour } from "@/lib/format";

/** The same numbers as the chart, newest first. */
export function ClicksTable({ series, range }: { series: StatsPoint[]; range: Range }) {
  return (
    <table className="w-full text-left text-[13px]">
      <caption className="sr-only">Clicks per hour, {rangeName(range)}</caption>
      <thead className="sticky top-0 bg-sunken text-ink-faint">
        <tr>
          <th scope="col" className="h-9 px-3 font-medium">
            Hour
          </th>
          <th scope="col" className="h-9 px-3 text-right font-medium">
            Clicks
          </th>
        </tr>
      </thead>
      <tbody>
        {series.toReversed().map((point) => (
          <tr key={point.start} className="border-t border-line">
            <th scope="row" className="h-9 px-3 font-normal text-ink-soft">
              <time dateTime={point.start}>{formatDayAndHour(point.start)}</time>
            </th>
            <td className="px-3 text-right tabular-nums">{formatCount(point.clicks)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
