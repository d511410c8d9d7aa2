import {
  type InfiniteData,
  infiniteQueryOptions,
  keepPreviousData,
  type QueryClient,
  queryOptions,
  useMutation,
  useQueryClient,
} from "@tanstack/react-query";
import { body, client } from "@/api/client";
import type { CreateLink, LinkPage, LinkStatus, ShortLink, UpdateLink } from "@/api/types";

export type LinkFilter = { q?: string | undefined; status?: LinkStatus | undefined };

/** How often the list is read again while somebody looks at it. Milliseconds, per loaded page. */
const LIST_POLL = 2_000;

const listsKey = ["links", "list"] as const;
const listKey = (filter: LinkFilter) => [...listsKey, filter] as const;
const detailKey = (id: string) => ["links", "detail", id] as const;

export function linksQuery(filter: LinkFilter) {
  return infiniteQueryOptions({
    queryKey: listKey(filter),
    queryFn: ({ pageParam, signal }) =>
      body(
        client.GET("/api/v1/links", {
          params: {
            query: {
              ...(filter.q && { q: filter.q }),
              ...(filter.status && { status: filter.status }),
              ...(pageParam && { cursor: pageParam }),
            },
          },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: keepPreviousData,
    // A refetch reads every loaded page, so a long list is read less often.
    refetchInterval: (query) => LIST_POLL * Math.max(1, query.state.data?.pages.length ?? 1),
  });
}

export function linkQuery(id: string) {
  return queryOptions({
    queryKey: detailKey(id),
    queryFn: ({ signal }) =>
      body(client.GET("/api/v1/links/{id}", { params: { path: { id } }, signal })),
  });
}

export function useCreateLink() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (link: CreateLink) => body(client.POST("/api/v1/links", { body: link })),
    onSuccess: async (link) => {
      // A read that began before the link existed must not take the new row away again.
      await queryClient.cancelQueries({ queryKey: listsKey });
      showAtTop(queryClient, link);
      void queryClient.invalidateQueries({ queryKey: listsKey });
    },
  });
}

export function useUpdateLink(id: string) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (change: UpdateLink) =>
      body(client.PATCH("/api/v1/links/{id}", { params: { path: { id } }, body: change })),
    onSuccess: (link) => {
      queryClient.setQueryData(detailKey(id), link);
      void queryClient.invalidateQueries({ queryKey: listsKey });
    },
  });
}

export function useDeleteLink(id: string) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: () => client.DELETE("/api/v1/links/{id}", { params: { path: { id } } }),
    onSuccess: () => {
      // Lists that were loaded before would show the dead link until they are read again.
      queryClient.removeQueries({ queryKey: listsKey });
      queryClient.removeQueries({ queryKey: detailKey(id) });
    },
  });
}

function showAtTop(queryClient: QueryClient, link: ShortLink) {
  const lists = queryClient.getQueryCache().findAll({ queryKey: listsKey });
  for (const { queryKey } of lists) {
    const filter = queryKey[2] as LinkFilter;
    if (filter.q || (filter.status && filter.status !== link.status)) {
      continue;
    }
    queryClient.setQueryData<InfiniteData<LinkPage, string>>(queryKey, (list) => {
      const [first, ...others] = list?.pages ?? [];
      if (!list || !first) {
        return list;
      }
      return { ...list, pages: [{ ...first, data: [link, ...first.data] }, ...others] };
    });
  }
}
