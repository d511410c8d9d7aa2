import { Link } from "@tanstack/react-router";
import type { ShortLink } from "@/api/types";
import { CopyButton } from "@/components/copy-button";
import { LiveCount } from "@/components/live-count";
import { Moment } from "@/components/moment";
import { StatusBadge } from "@/components/status-badge";
import { ShortUrl } from "@/features/links/short-url";
import { UnicodeHost } from "@/features/links/unicode-host";
import { formatUrl } from "@/lib/format";

/** The whole row leads to the link's page; the copy button lies above that. */
export function LinkRow({ link }: { link: ShortLink }) {
  return (
    <tr className="relative h-[4.25rem] border-t border-line transition-colors hover:bg-sunken/60">
      <th scope="row" className="pl-4 font-normal sm:pl-5">
        <div className="flex h-7 items-center gap-0.5">
          <Link
            to="/links/$id"
            params={{ id: link.id }}
            className="flex min-w-0 rounded font-mono text-[13px] font-medium after:absolute after:inset-0"
          >
            <ShortUrl url={link.short_url} />
          </Link>
          <CopyButton
            text={link.short_url}
            label={`Copy ${formatUrl(link.short_url)}`}
            className="relative"
          />
        </div>
        <div className="flex gap-1.5 text-[13px] text-ink-faint">
          <span className="truncate">{formatUrl(link.original_url)}</span>
          <UnicodeHost link={link} />
        </div>
      </th>
      <td className="hidden truncate px-3 text-ink-soft lg:table-cell">{link.title}</td>
      <td className="px-3">
        <StatusBadge status={link.status} compact />
      </td>
      <td className="px-3 text-right font-medium max-md:pr-4">
        <LiveCount value={link.clicks} />
      </td>
      <td className="hidden px-3 pr-5 text-right text-[13px] text-ink-faint md:table-cell">
        <Moment at={link.created_at} />
      </td>
    </tr>
  );
}
