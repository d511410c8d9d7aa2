import { toast } from "sonner";
import { toApiError } from "@/api/error";
import type { ShortLink } from "@/api/types";
import { Button } from "@/components/button";
import { Modal } from "@/components/modal";
import { useDeleteLink } from "@/features/links/queries";
import { formatUrl } from "@/lib/format";

type Props = {
  link: ShortLink;
  open: boolean;
  onOpenChange: (open: boolean) => void;
  onDeleted: () => void;
};

/** The default export, because it is loaded lazily. */
export default function DeleteLinkModal({ link, open, onOpenChange, onDeleted }: Props) {
  const remove = useDeleteLink(link.id);

  function confirm() {
    remove.mutate(undefined, {
      onSuccess: () => {
        onDeleted();
        toast.success("Link deleted", { description: formatUrl(link.short_url) });
      },
      onError: (error) => toast.error(toApiError(error).message),
    });
  }

  return (
    <Modal
      open={open}
      onOpenChange={onOpenChange}
      title={`Delete ${formatUrl(link.short_url)}?`}
      description="Visitors will be told that it is gone. Its clicks stay counted, and its code is not given to another link."
    >
      <div className="flex justify-end gap-2">
        <Button onClick={() => onOpenChange(false)}>Keep it</Button>
        <Button look="danger" onClick={confirm} busy={remove.isPending}>
          {remove.isPending ? "Deleting…" : "Delete link"}
        </Button>
      </div>
    </Modal>
  );
}
