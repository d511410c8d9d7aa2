import { formatDateTime, formatRelative } from "@/lib/format";
import { useNow } from "@/lib/use-now";

/** "2 min. ago", with the exact time on hover. */
export function Moment({ at }: { at: string }) {
  const now = useNow();
  return (
    <time dateTime={at} title={formatDateTime(at)}>
      {formatRelative(at, now)}
    </time>
  );
}
