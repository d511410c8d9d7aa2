import { useInfiniteQuery } from "@tanstack/react-query";
import { Button } from "@/components/button";
import { Failure } from "@/components/failure";
import { LinkRow } from "@/features/links/link-row";
import { LinkRowSkeleton } from "@/features/links/link-row-skeleton";
import { LinksTable } from "@/features/links/links-table";
import { NoLinks } from "@/features/links/no-links";
import { type LinkFilter, linksQuery } from "@/features/links/queries";

const SKELETON_ROWS = ["a", "b", "c", "d", "e", "f"];

type Props = { filter: LinkFilter; onCreate: () => void };

export function LinksList({ filter, onCreate }: Props) {
  const list = useInfiniteQuery(linksQuery(filter));

  if (list.isPending) {
    return (
      <div role="status" aria-label="Loading links">
        <LinksTable busy>
          {SKELETON_ROWS.map((row) => (
            <LinkRowSkeleton key={row} />
          ))}
        </LinksTable>
      </div>
    );
  }
  if (!list.data) {
    return (
      <Failure
        title="The links could not be loaded"
        error={list.error}
        onRetry={() => void list.refetch()}
      />
    );
  }

  const links = list.data.pages.flatMap((page) => page.data);
  if (links.length === 0 && !list.isPlaceholderData) {
    return <NoLinks filtered={Boolean(filter.q || filter.status)} onCreate={onCreate} />;
  }
  return (
    <>
      <LinksTable stale={list.isPlaceholderData}>
        {links.map((link) => (
          <LinkRow key={link.id} link={link} />
        ))}
      </LinksTable>
      {list.hasNextPage && (
        <div className="flex justify-center border-t border-line p-3">
          <Button
            look="quiet"
            busy={list.isFetchingNextPage}
            onClick={() => void list.fetchNextPage()}
          >
            {list.isFetchingNextPage ? "Loading…" : "Load more"}
          </Button>
        </div>
      )}
    </>
  );
}
