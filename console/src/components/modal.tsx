import { Dialog } from "@base-ui/react/dialog";
import { type ReactNode, useEffect } from "react";
import { toast } from "sonner";
import { classNames } from "@/components/class-names";
import { CloseIcon } from "@/components/icons";

type Props = {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  description?: string;
  children: ReactNode;
};

export function Modal({ open, onOpenChange, title, description, children }: Props) {
  // On a phone an earlier message would lie over the buttons.
  useEffect(() => {
    if (open) {
      toast.dismiss();
    }
  }, [open]);

  return (
    <Dialog.Root open={open} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Backdrop
          className={classNames(
            "fixed inset-0 z-20 bg-scrim transition-opacity duration-150",
            "data-ending-style:opacity-0 data-starting-style:opacity-0",
          )}
        />
        <Dialog.Popup
          className={classNames(
            "fixed inset-x-0 bottom-0 z-20 max-h-[92dvh] overflow-y-auto rounded-t-2xl bg-surface p-5",
            "shadow-overlay outline-none transition-[opacity,translate,scale] duration-150",
            "sm:inset-x-auto sm:top-[12vh] sm:bottom-auto sm:left-1/2 sm:w-[30rem] sm:-translate-x-1/2",
            "sm:rounded-2xl sm:p-6 sm:inset-ring sm:inset-ring-line",
            "data-starting-style:opacity-0 data-starting-style:max-sm:translate-y-6",
            "data-starting-style:sm:scale-98 data-ending-style:opacity-0",
          )}
        >
          <div className="mb-5 flex items-start justify-between gap-4">
            <div>
              <Dialog.Title className="text-lg font-semibold tracking-tight">{title}</Dialog.Title>
              {description && (
                <Dialog.Description className="mt-1 text-ink-soft">
                  {description}
                </Dialog.Description>
              )}
            </div>
            <Dialog.Close
              aria-label="Close"
              className="-m-1.5 grid size-8 shrink-0 place-items-center rounded-md text-ink-faint hover:bg-sunken hover:text-ink"
            >
              <CloseIcon />
            </Dialog.Close>
          </div>
          {children}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
