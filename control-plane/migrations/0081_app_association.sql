-- What a domain says of apps that may open its links: iOS and Android ask each domain for a file of its
-- own. JSON that nobody looks into here.

alter table domains
    add column apple_app_site_association json
        check (octet_length(apple_app_site_association::text) <= 65536),
    add column assetlinks json check (octet_length(assetlinks::text) <= 65536);
