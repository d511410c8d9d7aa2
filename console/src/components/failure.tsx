import { toApiError } from "@/api/error";
import { Button } from "@/components/button";
import { Notice } from "@/components/notice";

type Props = { title: string; error: unknown; onRetry: () => void };

export function Failure({ title, error, onRetry }: Props) {
  const { message, requestId } = toApiError(error);
  return (
    <div role="alert">
      <Notice title={title} action={<Button onClick={onRetry}>Try again</Button>}>
        <p>{message}</p>
        {requestId && <p className="mt-1 font-mono text-xs text-ink-faint">Request {requestId}</p>}
      </Notice>
    </div>
  );
}
