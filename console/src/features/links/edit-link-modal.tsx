import { toast } from "sonner";
import type { ShortLink } from "@/api/types";
import { Modal } from "@/components/modal";
import { EditLinkForm } from "@/features/links/edit-link-form";

type Props = { link: ShortLink; open: boolean; onOpenChange: (open: boolean) => void };

/** The default export, because it is loaded lazily. */
export default function EditLinkModal({ link, open, onOpenChange }: Props) {
  return (
    <Modal
      open={open}
      onOpenChange={onOpenChange}
      title="Edit link"
      description="Changes reach visitors within moments."
    >
      <EditLinkForm
        link={link}
        onSaved={() => {
          onOpenChange(false);
          toast.success("Changes saved");
        }}
      />
    </Modal>
  );
}
