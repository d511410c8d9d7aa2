import { HttpResponse, http } from "msw";
import type {
  CreateLink,
  LinkPage,
  LinkStats,
  Problem,
  Session,
  ShortLink,
  UpdateLink,
} from "@/api/types";

const session: Session = {
  user: { id: "usr_1", email: "owner@example.com" },
  workspace: { id: "wsp_1", name: "Northwind" },
  role: "owner",
};

export function makeLink(change: Partial<ShortLink> = {}): ShortLink {
  const code = change.code ?? "spring";
  return {
    id: `lnk_${code}`,
    domain: "go.example.com",
    code,
    short_url: `https://go.example.com/${code}`,
    original_url: `https://example.com/${code}`,
    unicode_host: null,
    title: null,
    notes: null,
    tags: [],
    enabled: true,
    archived: false,
    external_id: null,
    status: "active",
    expires_at: null,
    redirect_status: 302,
    starts_at: null,
    expired_url: null,
    click_cap: null,
    has_password: false,
    warnings: [],
    rules: [],
    split: null,
    social_preview: null,
    page: null,
    passes_query: false,
    passes_path: false,
    strict: false,
    indexable: false,
    max_age: 0,
    clicks: 0,
    last_clicked_at: null,
    created_at: "2026-11-01T10:00:00Z",
    created_by: "usr_1",
    deleted_at: null,
    updated_at: "2026-11-01T10:00:00Z",
    revision: 1,
    ...change,
  };
}

export function makeStats(clicks: number[], change: Partial<LinkStats> = {}): LinkStats {
  const from = Date.UTC(2026, 10, 22, 8);
  const at = (hours: number) => new Date(from + hours * 3_600_000).toISOString();
  const total = clicks.reduce((sum, count) => sum + count, 0);
  return {
    link_id: "lnk_spring",
    from: at(0),
    to: at(clicks.length),
    interval: "hour",
    total,
    clicks: total,
    last_clicked_at: total > 0 ? at(clicks.length - 1) : null,
    series: clicks.map((count, hour) => ({ start: at(hour), clicks: count })),
    ...change,
  };
}

export function problem(status: number, code: string, change: Partial<Problem> = {}) {
  return HttpResponse.json(
    { type: "about:blank", title: code, status, code, request_id: "req_1", ...change },
    { status, headers: { "content-type": "application/problem+json" } },
  );
}

export const signedIn = http.get("*/api/v1/session", () => HttpResponse.json(session));

export const signedOut = http.get("*/api/v1/session", () => problem(401, "unauthenticated"));

export const signInAnswers = (answer: () => Response) =>
  http.post("*/api/v1/session", () => answer());

export const signInWorks = signInAnswers(() => HttpResponse.json(session));

export const signOutWorks = http.delete(
  "*/api/v1/session",
  () => new HttpResponse(null, { status: 204 }),
);

type ListAnswer = (search: URLSearchParams) => LinkPage | Response;

export const listAnswers = (answer: ListAnswer) =>
  http.get("*/api/v1/links", ({ request }) => respond(answer(new URL(request.url).searchParams)));

export const listHas = (...data: ShortLink[]) => listAnswers(() => ({ data, next_cursor: null }));

export const createAnswers = (answer: (link: CreateLink) => ShortLink | Response) =>
  http.post<never, CreateLink>("*/api/v1/links", async ({ request }) =>
    respond(answer(await request.json()), 201),
  );

export const linkIs = (link: ShortLink) =>
  http.get(`*/api/v1/links/${link.id}`, () => HttpResponse.json(link));

export const updateAnswers = (answer: (change: UpdateLink) => ShortLink | Response) =>
  http.patch<never, UpdateLink>("*/api/v1/links/:id", async ({ request }) =>
    respond(answer(await request.json())),
  );

export const deleteWorks = http.delete(
  "*/api/v1/links/:id",
  () => new HttpResponse(null, { status: 204 }),
);

type StatsAnswer = (search: URLSearchParams) => LinkStats | Response;

export const statsAnswer = (answer: StatsAnswer) =>
  http.get("*/api/v1/links/:id/stats", ({ request }) =>
    respond(answer(new URL(request.url).searchParams)),
  );

function respond(answer: object | Response, status = 200): Response {
  return answer instanceof Response ? answer : Response.json(answer, { status });
}
