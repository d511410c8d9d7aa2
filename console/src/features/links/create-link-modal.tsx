import { Modal } from "@/components/modal";
import { announceLink } from "@/features/links/announce-link";
import { CreateLinkForm } from "@/features/links/create-link-form";

type Props = { open: boolean; onOpenChange: (open: boolean) => void };

/** The default export, because it is loaded lazily. */
export default function CreateLinkModal({ open, onOpenChange }: Props) {
  return (
    <Modal open={open} onOpenChange={onOpenChange} title="New link">
      <CreateLinkForm
        onCreated={(link) => {
          onOpenChange(false);
          announceLink(link);
        }}
      />
    </Modal>
  );
}
