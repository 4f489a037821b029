-- Idempotency keys: the gateway's own table, written in the transaction of the change that a key stands for.

create table if not exists `gateway_idempotency_keys` (
    `id` int not null primary key auto_increment,
    `caller` varchar(32) not null,
    `key_digest` varchar(64) not null,
    `operation` varchar(64) not null,
    `input_digest` varchar(64) not null,
    `outcome` json,
    `created_on` datetime not null,
    unique index `idx_caller_key` (`caller`, `key_digest`),
    index `idx_created_on` (`created_on`)
) engine = InnoDB row_format = dynamic default charset = utf8mb4 collate = utf8mb4_unicode_ci;
