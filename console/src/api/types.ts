import type { components } from "@/api/schema.gen";

type Schemas = components["schemas"];

/** Called a short link here because "Link" is what the router calls an anchor. */
export type ShortLink = Schemas["Link"];
export type LinkWarning = Schemas["LinkWarning"];
export type LinkStatus = Schemas["LinkStatus"];
export type LinkPage = Schemas["LinkList"];
export type CreateLink = Schemas["CreateLink"];
export type UpdateLink = Schemas["UpdateLink"];
export type LinkStats = Schemas["LinkStats"];
export type StatsPoint = Schemas["StatsPoint"];
export type Session = Schemas["Session"];
export type Credentials = Schemas["CreateSession"];
export type Problem = Schemas["Problem"];
