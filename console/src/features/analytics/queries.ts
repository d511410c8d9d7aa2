import { queryOptions } from "@tanstack/react-query";
import { body, client } from "@/api/client";
import { toApiError } from "@/api/error";
import { type Range, rangeStart } from "@/features/analytics/range";

/** How often a link's clicks are read again while somebody looks at them. Milliseconds. */
const STATS_POLL = 1_500;

export function statsQuery(linkId: string, range: Range) {
  return queryOptions({
    queryKey: ["stats", linkId, range] as const,
    queryFn: ({ signal }) =>
      body(
        client.GET("/api/v1/links/{id}/stats", {
          params: {
            path: { id: linkId },
            query: { from: rangeStart(range, new Date()), interval: "hour" },
          },
          signal,
        }),
      ),
    // The other range stays on the screen until this one has arrived.
    placeholderData: (previous) => (previous?.link_id === linkId ? previous : undefined),
    refetchInterval: ({ state }) =>
      state.error && !toApiError(state.error).isTransient ? false : STATS_POLL,
  });
}
