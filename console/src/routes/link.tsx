import { useQuery } from "@tanstack/react-query";
import { createRoute, Link } from "@tanstack/react-router";
import * as z from "zod";
import { toApiError } from "@/api/error";
import { buttonStyle } from "@/components/button-style";
import { Failure } from "@/components/failure";
import { Notice } from "@/components/notice";
import { Page } from "@/components/page";
import { LinkClicks } from "@/features/analytics/link-clicks";
import { statsQuery } from "@/features/analytics/queries";
import { rangeSchema } from "@/features/analytics/range";
import { LinkActions } from "@/features/links/link-actions";
import { LinkHeading } from "@/features/links/link-heading";
import { LinkHeadingSkeleton } from "@/features/links/link-heading-skeleton";
import { linkQuery } from "@/features/links/queries";
import { formatUrl } from "@/lib/format";
import { workspaceRoute } from "@/routes/workspace";

const search = z.object({
  range: rangeSchema.optional().catch(undefined),
  view: z.enum(["chart", "table"]).optional().catch(undefined),
});

export const linkRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "/links/$id",
  validateSearch: search,
  loaderDeps: ({ search: { range } }) => ({ range }),
  loader: ({ context, params, deps }) => {
    void context.queryClient.prefetchQuery(linkQuery(params.id));
    void context.queryClient.prefetchQuery(statsQuery(params.id, deps.range ?? "24h"));
  },
  component: LinkPage,
});

function LinkPage() {
  const { id } = linkRoute.useParams();
  const { range = "24h", view } = linkRoute.useSearch();
  const navigate = linkRoute.useNavigate();
  const link = useQuery(linkQuery(id));

  if (link.isError && !link.data) {
    return (
      <Page title="Link">
        {toApiError(link.error).status === 404 ? (
          <UnknownLink />
        ) : (
          <Failure
            title="The link could not be loaded"
            error={link.error}
            onRetry={() => void link.refetch()}
          />
        )}
      </Page>
    );
  }
  return (
    <Page title={link.data ? formatUrl(link.data.short_url) : "Link"}>
      <nav aria-label="Breadcrumb" className="mb-4 text-[13px]">
        <Link to="/links" className="rounded text-ink-faint hover:text-ink">
          ← Links
        </Link>
      </nav>
      <div className="mb-7 flex flex-col gap-5 md:flex-row md:items-start md:justify-between">
        {link.data ? <LinkHeading link={link.data} /> : <LinkHeadingSkeleton />}
        {link.data && link.data.status !== "deleted" && (
          <LinkActions link={link.data} onDeleted={() => void navigate({ to: "/links" })} />
        )}
      </div>
      <LinkClicks linkId={id} range={range} asTable={view === "table"} />
    </Page>
  );
}

function UnknownLink() {
  return (
    <Notice
      title="There is no such link"
      action={
        <Link to="/links" className={buttonStyle("secondary")}>
          Go to the links
        </Link>
      }
    />
  );
}
