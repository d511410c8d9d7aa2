import { toast } from "sonner";
import { toApiError } from "@/api/error";
import type { ShortLink } from "@/api/types";
import { Button } from "@/components/button";
import { useUpdateLink } from "@/features/links/queries";

/** Acts at once and offers a way back, instead of asking first. */
export function EnableButton({ link }: { link: ShortLink }) {
  const update = useUpdateLink(link.id);

  async function setEnabled(enabled: boolean) {
    try {
      await update.mutateAsync({ enabled });
      toast.success(enabled ? "Link enabled" : "Link disabled", {
        action: { label: "Undo", onClick: () => void setEnabled(!enabled) },
      });
    } catch (error) {
      toast.error(toApiError(error).message);
    }
  }

  return (
    <Button onClick={() => setEnabled(!link.enabled)} busy={update.isPending}>
      {link.enabled ? "Disable" : "Enable"}
    </Button>
  );
}
