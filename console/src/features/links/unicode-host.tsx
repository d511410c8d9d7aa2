import type { ShortLink } from "@/api/types";

/**
 * How people read the host of a target. It stands beside the target and never for it: hosts that are not the same
 * may read alike.
 */
export function UnicodeHost({ link }: { link: ShortLink }) {
  if (link.unicode_host === null) {
    return null;
  }
  return (
    <span className="max-w-1/2 shrink-0 truncate">
      (reads <bdi>{link.unicode_host}</bdi>)
    </span>
  );
}
