import type { Problem } from "@/api/types";

export type FieldError = { field: string; code: string; message: string };

/** Everything that can go wrong with a request, in one shape that a person can be shown. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** 0 when no answer arrived at all. */
  readonly status: number;
  /** The API's stable code; "unreachable" and "unexpected" are our own. */
  readonly code: string;
  readonly fields: FieldError[];
  /** A free code, when the wanted one is taken. */
  readonly suggestion: string | undefined;
  readonly requestId: string | undefined;

  constructor(status: number, problem: Partial<Problem> & { code: string }) {
    super(sentence(problem.detail || problem.title || "something went wrong"));
    this.status = status;
    this.code = problem.code;
    this.fields = (problem.errors ?? []).map((objection) => ({
      ...objection,
      message: sentence(objection.message),
    }));
    this.suggestion = problem.suggestion ?? undefined;
    this.requestId = problem.request_id ?? undefined;
  }

  /** The session is missing or over, as opposed to a wrong password. */
  get isSignedOut(): boolean {
    return this.status === 401 && this.code !== "invalid_credentials";
  }

  /** Asking again may help. */
  get isTransient(): boolean {
    return this.status === 0 || this.status >= 500;
  }

  static unreachable(): ApiError {
    return new ApiError(0, {
      code: "unreachable",
      title: "LinkPulse cannot be reached. Check your connection and try again.",
    });
  }

  static async fromResponse(response: Response): Promise<ApiError> {
    const type = response.headers.get("content-type") ?? "";
    if (type.includes("json")) {
      const problem = (await response.json().catch(() => null)) as Partial<Problem> | null;
      if (problem?.code) {
        return new ApiError(response.status, { ...problem, code: problem.code });
      }
    }
    return new ApiError(response.status, {
      code: "unexpected",
      title: `LinkPulse answered with an unexpected error (${response.status}).`,
    });
  }
}

/** The API writes its messages in lower case, without a full stop. */
function sentence(message: string): string {
  const text = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

export function toApiError(error: unknown): ApiError {
  return error instanceof ApiError
    ? error
    : new ApiError(0, { code: "unexpected", title: "Something unexpected went wrong." });
}
