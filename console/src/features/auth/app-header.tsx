import { toast } from "sonner";
import { toApiError } from "@/api/error";
import type { Session } from "@/api/types";
import { Button } from "@/components/button";
import { AppHeaderFrame } from "@/features/auth/app-header-frame";
import { useSignOut } from "@/features/auth/queries";

type Props = { session: Session; onSignedOut: () => void };

export function AppHeader({ session, onSignedOut }: Props) {
  const signOut = useSignOut();

  function leave() {
    signOut.mutate(undefined, {
      onSuccess: onSignedOut,
      onError: (error) => toast.error(toApiError(error).message),
    });
  }

  return (
    <AppHeaderFrame>
      <span aria-hidden="true" className="text-lg font-light text-line-strong">
        /
      </span>
      <span className="min-w-0 truncate text-ink-soft">
        <span className="sr-only">Workspace </span>
        {session.workspace.name}
      </span>
      <span className="ml-auto hidden max-w-64 truncate text-[13px] text-ink-faint sm:block">
        {session.user.email}
      </span>
      <Button
        look="quiet"
        className="-mr-2 max-sm:ml-auto"
        onClick={leave}
        busy={signOut.isPending}
      >
        Sign out
      </Button>
    </AppHeaderFrame>
  );
}
