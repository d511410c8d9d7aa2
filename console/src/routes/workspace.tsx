import { createRoute, Outlet, redirect, useNavigate } from "@tanstack/react-router";
import { AppHeader } from "@/features/auth/app-header";
import { AppHeaderFrame } from "@/features/auth/app-header-frame";
import { sessionQuery } from "@/features/auth/queries";
import { rootRoute } from "@/routes/root";

/** Everything that needs a signed-in person lies below this route. */
export const workspaceRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: "workspace",
  beforeLoad: async ({ context, location }) => {
    const session = await context.queryClient.ensureQueryData(sessionQuery);
    if (!session) {
      throw redirect({ to: "/sign-in", search: { redirect: location.href } });
    }
    return { session };
  },
  component: Workspace,
  // Only a slow answer is worth a picture of waiting, and none is worth prolonging it.
  pendingComponent: () => <AppHeaderFrame />,
  pendingMs: 150,
  pendingMinMs: 0,
});

function Workspace() {
  const { session } = workspaceRoute.useRouteContext();
  const navigate = useNavigate();
  return (
    <>
      <AppHeader session={session} onSignedOut={() => void navigate({ to: "/sign-in" })} />
      <Outlet />
    </>
  );
}

export const homeRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/links" });
  },
});
