-- The client database's own tables, as the estate's notes describe them; on a server that already has them this
-- changes nothing. For the collation and the row format see the first migration of `iperform`. Where the notes
-- give a foreign key no index, InnoDB makes one under a name that depends on the server, so it is named here.

create table if not exists `company` (
    `id` int not null primary key auto_increment,
    `company_name` varchar(255) not null,
    `gst_number` varchar(50),
    `pan_number` varchar(50),
    `website` varchar(255),
    `industry` varchar(100),
    `city` varchar(100),
    `state` varchar(100),
    `country` varchar(100),
    `phone` varchar(20),
    `email` varchar(128),
    `extractor_settings_token` varchar(255),
    `db_schema_name` varchar(50),
    `active` tinyint(1) default 1,
    `created_on` datetime default current_timestamp,
    index `idx_company_name` (`company_name`),
    index `idx_active` (`active`)
) engine = InnoDB row_format = dynamic default charset = utf8mb4 collate = utf8mb4_unicode_ci;

create table if not exists `user` (
    `id` int not null primary key auto_increment,
    `username` varchar(128) not null,
    `email` varchar(128) not null,
    `company_id` int not null,
    `role_id` int,
    `is_iperform_user` tinyint(1),
    `active` tinyint(1) default 0,
    `validity` varchar(50),
    `forgot_password_token` varchar(255),
    `created_by` int,
    `created_on` datetime default current_timestamp,
    foreign key (`company_id`) references `company` (`id`),
    unique index `idx_email_company` (`email`, `company_id`),
    index `idx_company_id` (`company_id`),
    index `idx_active` (`active`)
) engine = InnoDB row_format = dynamic default charset = utf8mb4 collate = utf8mb4_unicode_ci;

create table if not exists `user_info` (
    `id` int not null primary key auto_increment,
    `user_id` int not null,
    `first_name` varchar(100),
    `last_name` varchar(100),
    `mobile_1` varchar(20),
    `mobile_2` varchar(20),
    `user_birthdate` date,
    `user_anniversary_date` date,
    `created_on` datetime default current_timestamp,
    foreign key (`user_id`) references `user` (`id`) on delete cascade,
    index `idx_user_id` (`user_id`)
) engine = InnoDB row_format = dynamic default charset = utf8mb4 collate = utf8mb4_unicode_ci;

create table if not exists `pricing_plan` (
    `id` int not null primary key auto_increment,
    `plan_name` varchar(100) not null,
    `plan_duration` int,
    `plan_price` decimal(10, 2),
    `no_of_users` int,
    `features` json,
    `active` tinyint(1) default 1,
    `created_on` datetime default current_timestamp
) engine = InnoDB row_format = dynamic default charset = utf8mb4 collate = utf8mb4_unicode_ci;

create table if not exists `dynamic_db` (
    `id` int not null primary key auto_increment,
    `company_id` int not null,
    `db_type` varchar(50),
    `db_host` varchar(255),
    `db_port` int,
    `db_user` varchar(100),
    `db_password` varchar(255),
    `db_schema_name` varchar(100),
    `db_name` varchar(100),
    `clickhouse_type` int,
    `created_on` datetime default current_timestamp,
    foreign key (`company_id`) references `company` (`id`),
    index `idx_company_id` (`company_id`)
) engine = InnoDB row_format = dynamic default charset = utf8mb4 collate = utf8mb4_unicode_ci;

create table if not exists `email_template` (
    `id` int not null primary key auto_increment,
    `company_id` int,
    `template_name` varchar(255),
    `template_subject` varchar(500),
    `template_body` longtext,
    `created_by` int,
    `created_on` datetime default current_timestamp,
    foreign key (`company_id`) references `company` (`id`),
    index `idx_company_id` (`company_id`)
) engine = InnoDB row_format = dynamic default charset = utf8mb4 collate = utf8mb4_unicode_ci;

create table if not exists `view_setting` (
    `id` int not null primary key auto_increment,
    `user_id` int not null,
    `setting` json,
    `updated_on` datetime default current_timestamp,
    foreign key (`user_id`) references `user` (`id`),
    index `idx_user_id` (`user_id`)
) engine = InnoDB row_format = dynamic default charset = utf8mb4 collate = utf8mb4_unicode_ci;

create table if not exists `user_setting` (
    `id` int not null primary key auto_increment,
    `user_id` int not null,
    `app_setting` json,
    foreign key (`user_id`) references `user` (`id`),
    index `idx_user_id` (`user_id`)
) engine = InnoDB row_format = dynamic default charset = utf8mb4 collate = utf8mb4_unicode_ci;

create table if not exists `company_setting` (
    `id` int not null primary key auto_increment,
    `company_id` int not null,
    `user_id` int,
    `setting` json,
    foreign key (`company_id`) references `company` (`id`),
    index `idx_company_id` (`company_id`)
) engine = InnoDB row_format = dynamic default charset = utf8mb4 collate = utf8mb4_unicode_ci;
