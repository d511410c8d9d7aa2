import type { QueryClient } from "@tanstack/react-query";
import { createRootRouteWithContext, Link } from "@tanstack/react-router";
import { buttonStyle } from "@/components/button-style";
import { Failure } from "@/components/failure";
import { Notice } from "@/components/notice";
import { Page } from "@/components/page";

export const rootRoute = createRootRouteWithContext<{ queryClient: QueryClient }>()({
  notFoundComponent: NotFoundPage,
  errorComponent: ({ error, reset }) => (
    <Page title="Error">
      <Failure title="This page could not be loaded" error={error} onRetry={reset} />
    </Page>
  ),
});

function NotFoundPage() {
  return (
    <Page title="Not found">
      <Notice
        title="There is no such page"
        action={
          <Link to="/links" className={buttonStyle("secondary")}>
            Go to the links
          </Link>
        }
      />
    </Page>
  );
}
