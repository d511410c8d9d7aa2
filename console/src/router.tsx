import type { QueryClient } from "@tanstack/react-query";
import { createRouter, type RouterHistory } from "@tanstack/react-router";
import { linkRoute } from "@/routes/link";
import { linksRoute } from "@/routes/links";
import { rootRoute } from "@/routes/root";
import { signInRoute } from "@/routes/sign-in";
import { homeRoute, workspaceRoute } from "@/routes/workspace";

const routeTree = rootRoute.addChildren([
  signInRoute,
  workspaceRoute.addChildren([homeRoute, linksRoute, linkRoute]),
]);

export function createAppRouter(queryClient: QueryClient, history?: RouterHistory) {
  return createRouter({
    routeTree,
    context: { queryClient },
    basepath: import.meta.env.BASE_URL,
    scrollRestoration: true,
    // TanStack Query decides what is fresh.
    defaultPreload: "intent",
    defaultPreloadStaleTime: 0,
    ...(history && { history }),
  });
}

export type AppRouter = ReturnType<typeof createAppRouter>;

declare module "@tanstack/react-router" {
  interface Register {
    router: AppRouter;
  }
}
