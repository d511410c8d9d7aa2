import { createRoute } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import * as z from "zod";
import { Button } from "@/components/button";
import { PlusIcon } from "@/components/icons";
import { KeyHint } from "@/components/key-hint";
import { Page } from "@/components/page";
import { LinksList } from "@/features/links/links-list";
import { linksQuery } from "@/features/links/queries";
import { SearchField } from "@/features/links/search-field";
import { StatusFilter } from "@/features/links/status-filter";
import { useShortcut } from "@/lib/use-shortcut";
import { workspaceRoute } from "@/routes/workspace";

// Fetched once the page stands, so it is there before anybody asks for it.
const CreateLinkModal = lazy(() => import("@/features/links/create-link-modal"));

const search = z.object({
  // The router reads `?q=42` as a number.
  q: z.coerce.string().optional().catch(undefined),
  status: z
    .enum(["active", "scheduled", "disabled", "expired", "blocked", "deleted"])
    .optional()
    .catch(undefined),
});

export const linksRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "/links",
  validateSearch: search,
  loaderDeps: ({ search: { q, status } }) => ({ q, status }),
  // Not awaited: the page shows its own skeleton meanwhile.
  loader: ({ context, deps }) => {
    void context.queryClient.prefetchInfiniteQuery(linksQuery(deps));
  },
  component: LinksPage,
});

function LinksPage() {
  const { q, status } = linksRoute.useSearch();
  const navigate = linksRoute.useNavigate();
  const [creating, setCreating] = useState(false);
  useShortcut("c", () => setCreating(true));

  function searchFor(text: string) {
    const wanted = text.trim() || undefined;
    void navigate({ search: (now) => ({ ...now, q: wanted }), replace: true });
  }

  return (
    <Page title="Links">
      <div className="flex items-center justify-between gap-4">
        <h1 className="text-2xl font-semibold tracking-tight">Links</h1>
        <Button look="primary" onClick={() => setCreating(true)}>
          <PlusIcon /> New link <KeyHint>C</KeyHint>
        </Button>
      </div>
      <div className="mt-6 mb-4 flex flex-col gap-3 sm:flex-row sm:items-center sm:justify-between">
        <SearchField value={q ?? ""} onSearch={searchFor} />
        <StatusFilter chosen={status} />
      </div>
      <div className="overflow-hidden rounded-xl border border-line bg-surface shadow-card">
        <LinksList filter={{ q, status }} onCreate={() => setCreating(true)} />
      </div>
      <Suspense>
        <CreateLinkModal open={creating} onOpenChange={setCreating} />
      </Suspense>
    </Page>
  );
}
