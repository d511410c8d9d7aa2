import type { ShortLink } from "@/api/types";

/**
 * How people read the host of a target. It stands beside the target and never for it: hosts that are not the same
 * may read alike. From left to right: in other order its last label would look like its first.
 */
export function UnicodeHost({ link }: { link: ShortLink }) {
  if (link.unicode_host === null) {
    return null;
  }
  return (
    <span className="max-w-1/2 shrink-0 truncate">
      (reads <bdi dir="ltr">{link.unicode_host}</bdi>)
    </span>
  );
}
