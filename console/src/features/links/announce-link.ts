import { toast } from "sonner";
import type { ShortLink } from "@/api/types";
import { copyText } from "@/lib/clipboard";
import { formatUrl } from "@/lib/format";

export function announceLink(link: ShortLink): void {
  toast.success("Link created", {
    description: formatUrl(link.short_url),
    duration: 8_000,
    action: { label: "Copy", onClick: () => void copyText(link.short_url) },
  });
}
