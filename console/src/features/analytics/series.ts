import type { StatsPoint } from "@/api/types";
import { type Range, rangeName } from "@/features/analytics/range";
import { formatClicks, formatDayAndHour } from "@/lib/format";

/** The chart in one sentence. */
export function describeSeries(series: StatsPoint[], range: Range): string {
  const total = series.reduce((sum, point) => sum + point.clicks, 0);
  const start = `Bar chart of clicks per hour, ${rangeName(range)}`;
  if (total === 0) {
    return `${start}: no clicks.`;
  }
  const best = series.reduce((most, point) => (point.clicks > most.clicks ? point : most));
  const peak = `${formatClicks(best.clicks)} on ${formatDayAndHour(best.start)}`;
  return `${start}: ${formatClicks(total)}, at most ${peak}.`;
}

/** The hours at which a local day begins, so that a week is marked by days. */
export function dayStarts(series: StatsPoint[]): string[] {
  return series.filter(({ start }) => new Date(start).getHours() === 0).map(({ start }) => start);
}
