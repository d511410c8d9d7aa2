import { lazy, Suspense, useState } from "react";
import type { ShortLink } from "@/api/types";
import { Button } from "@/components/button";
import { KeyHint } from "@/components/key-hint";
import { EnableButton } from "@/features/links/enable-button";
import { useShortcut } from "@/lib/use-shortcut";

const EditLinkModal = lazy(() => import("@/features/links/edit-link-modal"));
const DeleteLinkModal = lazy(() => import("@/features/links/delete-link-modal"));

type Props = { link: ShortLink; onDeleted: () => void };

export function LinkActions({ link, onDeleted }: Props) {
  const [dialog, setDialog] = useState<"edit" | "delete" | null>(null);
  useShortcut("e", () => setDialog("edit"));

  return (
    <div className="flex flex-wrap gap-2">
      <Button onClick={() => setDialog("edit")}>
        Edit <KeyHint>E</KeyHint>
      </Button>
      <EnableButton link={link} />
      <Button look="danger" onClick={() => setDialog("delete")}>
        Delete
      </Button>
      <Suspense>
        <EditLinkModal
          link={link}
          open={dialog === "edit"}
          onOpenChange={(open) => setDialog(open ? "edit" : null)}
        />
        <DeleteLinkModal
          link={link}
          open={dialog === "delete"}
          onOpenChange={(open) => setDialog(open ? "delete" : null)}
          onDeleted={onDeleted}
        />
      </Suspense>
    </div>
  );
}
