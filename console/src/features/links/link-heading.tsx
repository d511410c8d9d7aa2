import type { LinkWarning, ShortLink } from "@/api/types";
import { CopyButton } from "@/components/copy-button";
import { OutwardIcon, TurnIcon } from "@/components/icons";
import { Moment } from "@/components/moment";
import { StatusBadge } from "@/components/status-badge";
import { ShortUrl } from "@/features/links/short-url";
import { UnicodeHost } from "@/features/links/unicode-host";
import { formatDateTime, formatUrl } from "@/lib/format";

const REASONS: Record<LinkWarning, string> = {
  mixed_script: "letters of several scripts",
  whole_script_confusable: "letters that all look like Latin ones",
};

export function LinkHeading({ link }: { link: ShortLink }) {
  return (
    <div className="min-w-0">
      <div className="flex items-center gap-1.5">
        <h1 className="flex min-w-0 font-mono text-xl font-medium tracking-tight sm:text-2xl">
          <ShortUrl url={link.short_url} />
        </h1>
        <CopyButton text={link.short_url} label="Copy the short link" />
      </div>
      <a
        href={link.original_url}
        target="_blank"
        rel="noreferrer"
        className="mt-1 flex max-w-full items-center gap-2 text-ink-soft hover:text-ink"
      >
        <TurnIcon />
        <span className="truncate">{formatUrl(link.original_url)}</span>
        <UnicodeHost link={link} />
        <OutwardIcon />
        <span className="sr-only">(opens in a new tab)</span>
      </a>
      <div className="mt-4 flex flex-wrap items-center gap-x-4 gap-y-1 text-[13px] text-ink-faint">
        <StatusBadge status={link.status} />
        {link.warnings.map((warning) => (
          <span key={warning} className="text-warn">
            {`May look like another site: ${REASONS[warning]}`}
          </span>
        ))}
        {link.title && <span className="text-ink-soft">{link.title}</span>}
        <span>
          Created <Moment at={link.created_at} />
        </span>
        {link.expires_at && (
          <span>
            {link.status === "expired" ? "Expired" : "Expires"} {formatDateTime(link.expires_at)}
          </span>
        )}
      </div>
    </div>
  );
}
