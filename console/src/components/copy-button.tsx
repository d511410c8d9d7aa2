import { useEffect, useState } from "react";
import { toast } from "sonner";
import { classNames } from "@/components/class-names";
import { CheckIcon, CopyIcon } from "@/components/icons";
import { copyText } from "@/lib/clipboard";

type Props = { text: string; label: string; className?: string };

export function CopyButton({ text, label, className }: Props) {
  const [copied, setCopied] = useState(false);

  useEffect(() => {
    if (!copied) {
      return;
    }
    const timer = setTimeout(() => setCopied(false), 1500);
    return () => clearTimeout(timer);
  }, [copied]);

  async function copy() {
    if (await copyText(text)) {
      setCopied(true);
    } else {
      toast.error("The browser did not allow copying.");
    }
  }

  return (
    <button
      type="button"
      onClick={copy}
      aria-label={label}
      title="Copy"
      className={classNames(
        "grid size-8 shrink-0 place-items-center rounded-md transition-colors hover:bg-sunken",
        copied ? "text-accent" : "text-ink-faint hover:text-ink",
        className,
      )}
    >
      {copied ? <CheckIcon /> : <CopyIcon />}
      <span role="status" className="sr-only">
        {copied && "Copied"}
      </span>
    </button>
  );
}
