import createClient from "openapi-fetch";
import { ApiError } from "@/api/error";
import type { paths } from "@/api/schema.gen";

export const client = createClient<paths>({
  baseUrl: window.location.origin,
  // Looked up at each call, so that tests can intercept it.
  fetch: (request) => globalThis.fetch(request),
});

client.use({
  onRequest({ request }) {
    // A form on another site cannot set a header, so its presence proves the request is ours.
    request.headers.set("X-Requested-With", "linkpulse");
  },
  async onResponse({ response }) {
    if (!response.ok) {
      throw await ApiError.fromResponse(response);
    }
  },
  onError({ error }) {
    // An abort is TanStack Query changing its mind, not a failure.
    return error instanceof DOMException && error.name === "AbortError"
      ? error
      : ApiError.unreachable();
  },
});

/** The body of a successful answer. Failures have been thrown by the client already. */
export async function body<T>(answer: Promise<{ data?: T }>): Promise<T> {
  const { data } = await answer;
  if (data === undefined) {
    throw new ApiError(0, { code: "unexpected", title: "LinkPulse sent an empty answer." });
  }
  return data;
}
