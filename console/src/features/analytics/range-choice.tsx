import { Link } from "@tanstack/react-router";
import { EXACTLY, segmentStyle, segmentsStyle } from "@/components/segment-style";
import { RANGES, type Range } from "@/features/analytics/range";

/** Both choices live in the address, so that a view can be bookmarked and shared. */
export function RangeChoice({ range, asTable }: { range: Range; asTable: boolean }) {
  return (
    <div className="flex flex-wrap gap-2 sm:ml-auto">
      <nav aria-label="View">
        <ul className={segmentsStyle}>
          {(["chart", "table"] as const).map((view) => {
            const chosen = (view === "table") === asTable;
            return (
              <li key={view}>
                <Link
                  from="/links/$id"
                  to="."
                  search={(search) => ({ ...search, view })}
                  replace
                  resetScroll={false}
                  activeOptions={EXACTLY}
                  aria-current={chosen ? "page" : undefined}
                  className={segmentStyle(chosen)}
                >
                  {view === "table" ? "Table" : "Chart"}
                </Link>
              </li>
            );
          })}
        </ul>
      </nav>
      <nav aria-label="Range">
        <ul className={segmentsStyle}>
          {RANGES.map((choice) => (
            <li key={choice.range}>
              <Link
                from="/links/$id"
                to="."
                search={(search) => ({ ...search, range: choice.range })}
                replace
                resetScroll={false}
                activeOptions={EXACTLY}
                aria-current={choice.range === range ? "page" : undefined}
                className={segmentStyle(choice.range === range)}
              >
                {choice.label}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
    </div>
  );
}
