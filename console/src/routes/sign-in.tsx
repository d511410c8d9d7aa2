import { createRoute, redirect, useRouter } from "@tanstack/react-router";
import * as z from "zod";
import { Logo } from "@/components/logo";
import { Page } from "@/components/page";
import { PulseLine } from "@/components/pulse-line";
import { sessionQuery } from "@/features/auth/queries";
import { SignInForm } from "@/features/auth/sign-in-form";
import { rootRoute } from "@/routes/root";

/** A return address is a path of this console, never another site. */
const returnAddress = z.string().regex(/^\/(?![/\\])/);

export const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/sign-in",
  validateSearch: z.object({ redirect: returnAddress.optional().catch(undefined) }),
  beforeLoad: async ({ context }) => {
    // Without an answer the form is still the best thing to show.
    const session = await context.queryClient.ensureQueryData(sessionQuery).catch(() => null);
    if (session) {
      throw redirect({ to: "/links" });
    }
  },
  component: SignInPage,
});

function SignInPage() {
  const router = useRouter();
  const { redirect: back } = signInRoute.useSearch();

  return (
    <Page title="Sign in">
      <PulseLine />
      <div className="mx-auto mt-[8vh] max-w-84">
        <Logo size={44} />
        <h1 className="mt-5 text-2xl font-semibold tracking-tight">Sign in to LinkPulse</h1>
        <p className="mt-1.5 mb-7 text-ink-soft">Short links, counted as they are clicked.</p>
        <SignInForm onSignedIn={() => void router.navigate({ href: back ?? "/links" })} />
      </div>
    </Page>
  );
}
