-- The side table of `leads.shared_salesperson_id`, a comma-separated list that no index serves: the gateway's own,
-- kept in step by triggers, whoever writes `leads`. What fills it first, and what mends it, is `datasources/sharing.py`.

create table if not exists `gateway_lead_sharing` (
    `lead_id` int not null,
    `salesperson_id` int not null,
    primary key (`salesperson_id`, `lead_id`),
    index `idx_lead_id` (`lead_id`)
) engine = InnoDB row_format = dynamic default charset = utf8mb4 collate = utf8mb4_unicode_ci;

-- Each trigger holds all of its code: a dump of the database brings triggers along, but leaves procedures behind.
-- Lists are read as bytes: by the column's collation '１２' would be '12'. An item is an id if it doesn't begin with 0
-- and nothing is left of it without its digits: in strict mode a cast of rubbish would fail whoever writes the lead.

drop trigger if exists `gateway_lead_sharing_insert`;

create trigger `gateway_lead_sharing_insert` after insert on `leads` for each row
begin
    declare rest longblob default convert(new.`shared_salesperson_id` using utf8mb4);
    declare item longblob;
    while length(rest) > 0 do
        set item = trim(replace(substring_index(rest, ',', 1), x'09', ' '));
        set rest = if(locate(',', rest) > 0, substring(rest, locate(',', rest) + 1), '');
        if length(item) <= 10 and ascii(item) between 49 and 57
            and replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(
                item, '0', ''), '1', ''), '2', ''), '3', ''), '4', ''),
                '5', ''), '6', ''), '7', ''), '8', ''), '9', '') = ''
            and (length(item) < 10 or item <= '2147483647')
        then
            insert ignore into `gateway_lead_sharing` (`lead_id`, `salesperson_id`) values (new.`id`, item);
        end if;
    end while;
end;

drop trigger if exists `gateway_lead_sharing_update`;

-- Takes the old items away and puts the new ones in, one by one and by the primary key alone: by the other index, or as
-- a range, it would lock the neighbouring leads' rows too, and other programs' writes would wait for each other.
create trigger `gateway_lead_sharing_update` after update on `leads` for each row
begin
    declare before_it longblob default ifnull(convert(old.`shared_salesperson_id` using utf8mb4), '');
    declare after_it longblob default ifnull(convert(new.`shared_salesperson_id` using utf8mb4), '');
    declare rest, item longblob;
    declare goes boolean;
    declare id int;
    if old.`id` <> new.`id` or before_it <> after_it then
        set rest = concat(before_it, ',', after_it);
        while length(rest) > 0 do
            set goes = length(rest) > length(after_it);
            set item = trim(replace(substring_index(rest, ',', 1), x'09', ' '));
            set rest = if(locate(',', rest) > 0, substring(rest, locate(',', rest) + 1), '');
            if length(item) <= 10 and ascii(item) between 49 and 57
                and replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(
                    item, '0', ''), '1', ''), '2', ''), '3', ''), '4', ''),
                    '5', ''), '6', ''), '7', ''), '8', ''), '9', '') = ''
                and (length(item) < 10 or item <= '2147483647')
            then
                set id = item;
                if goes then
                    delete s from `gateway_lead_sharing` as s force index (primary)
                    where s.`salesperson_id` = id and s.`lead_id` = old.`id`;
                else
                    insert ignore into `gateway_lead_sharing` (`lead_id`, `salesperson_id`) values (new.`id`, id);
                end if;
            end if;
        end while;
    end if;
end;

drop trigger if exists `gateway_lead_sharing_delete`;

create trigger `gateway_lead_sharing_delete` after delete on `leads` for each row
begin
    if old.`shared_salesperson_id` <> '' then
        delete from `gateway_lead_sharing` where `lead_id` = old.`id`;
    end if;
end;
