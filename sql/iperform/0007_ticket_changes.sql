-- Who changed a ticket's status through the gateway: `tickets` doesn't say it, and the log of events needs it. Written in the
-- transaction of the change itself.

create table if not exists `gateway_ticket_changes` (
    `id` int not null primary key auto_increment,
    `ticket_id` int not null,
    `changed_by` int,
    `changed_on` datetime not null,
    index `idx_ticket_id` (`ticket_id`),
    index `idx_changed_on` (`changed_on`)
) engine = InnoDB row_format = dynamic default charset = utf8mb4 collate = utf8mb4_unicode_ci;
