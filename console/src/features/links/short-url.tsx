import { formatUrl } from "@/lib/format";

/**
 * The short address with its code made to stand out, since the domain is the same in every row.
 * Stands in a flex box; where room is short the domain gives way first.
 */
export function ShortUrl({ url }: { url: string }) {
  const text = formatUrl(url);
  const codeAt = text.lastIndexOf("/") + 1;
  return (
    <>
      <span className="min-w-0 truncate font-normal text-ink-faint">
        {text.slice(0, codeAt - 1)}
      </span>
      <span className="font-normal text-ink-faint">/</span>
      <span className="max-w-full shrink-0 truncate">{text.slice(codeAt)}</span>
    </>
  );
}
