-- Partner tokens: the gateway's own table. A token is looked up by its prefix and recognised by its hash, both
-- compared byte by byte, whatever the collation of the database. (`ascii_bin` would do it too, but comparing it with
-- a text that isn't ASCII, which a filter may hold, is an error.)

create table if not exists `gateway_partner_tokens` (
    `id` int not null primary key auto_increment,
    `partner_company_id` int not null,
    `name` varchar(128) not null,
    `prefix` varchar(32) character set utf8mb4 collate utf8mb4_bin not null unique,
    `token_hash` varchar(80) character set utf8mb4 collate utf8mb4_bin not null,
    `scopes` text not null,
    `cost_per_minute` int not null,
    `created_by` int,
    `created_on` datetime not null,
    `expires_at` datetime not null,
    `revoked_on` datetime,
    `last_used_on` datetime,
    foreign key (`partner_company_id`) references `partner_company` (`id`) on delete cascade,
    index `idx_partner_company_id` (`partner_company_id`)
) engine = InnoDB row_format = dynamic default charset = utf8mb4 collate = utf8mb4_unicode_ci;
