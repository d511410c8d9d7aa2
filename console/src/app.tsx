import "sonner/dist/styles.css";
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { type RouterHistory, RouterProvider } from "@tanstack/react-router";
import type { CSSProperties } from "react";
import { Toaster } from "sonner";
import { ApiError } from "@/api/error";
import { sessionKey } from "@/features/auth/queries";
import { type AppRouter, createAppRouter } from "@/router";

/** Tests pass their own history and do not wait for retries. */
type Options = { history?: RouterHistory; retries?: number };

export function createApp({ history, retries = 2 }: Options = {}) {
  const queryClient = new QueryClient({
    queryCache: new QueryCache({ onError: leaveIfSignedOut }),
    mutationCache: new MutationCache({ onError: leaveIfSignedOut }),
    defaultOptions: {
      queries: {
        staleTime: 1_000,
        retry: (failures, error) =>
          failures < retries && error instanceof ApiError && error.isTransient,
      },
    },
  });
  const router = createAppRouter(queryClient, history);

  function leaveIfSignedOut(error: Error) {
    if (error instanceof ApiError && error.isSignedOut) {
      queryClient.setQueryData(sessionKey, null);
      goToSignIn(router);
    }
  }
  return { queryClient, router };
}

/** The session ended while somebody was working: back to the same place after signing in. */
function goToSignIn(router: AppRouter) {
  const { pathname, href } = router.state.location;
  if (pathname !== "/sign-in") {
    void router.navigate({ to: "/sign-in", search: { redirect: href }, replace: true });
  }
}

/** The toaster brings its own look; these are the parts that have to match ours. */
const TOAST_STYLE = {
  fontFamily: "inherit",
  "--normal-bg": "var(--color-surface)",
  "--normal-border": "var(--color-line-strong)",
  "--normal-text": "var(--color-ink)",
  "--border-radius": "0.75rem",
} as CSSProperties;

export function App({ queryClient, router }: ReturnType<typeof createApp>) {
  return (
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
      <Toaster theme="system" position="bottom-right" style={TOAST_STYLE} />
    </QueryClientProvider>
  );
}
