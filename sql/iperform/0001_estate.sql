-- The estate's own tables, as its notes describe them; on a server that already has them this changes nothing.
-- The collation is named because the server's default differs (latin1 on 5.7, utf8mb4_0900_ai_ci on 8) and so
-- would every comparison; unicode_ci exists on MySQL 5.7 and later and on MariaDB. DYNAMIC rows allow index keys
-- of 3072 bytes, which VARCHAR(255) in utf8mb4 needs.

create table if not exists `role` (
    `id` int not null primary key,
    `role_name` varchar(50) not null unique,
    `permissions` json,
    `view_list` varchar(255),
    `allowed_status_list` varchar(500),
    `created_on` datetime default current_timestamp
) engine = InnoDB row_format = dynamic default charset = utf8mb4 collate = utf8mb4_unicode_ci;

create table if not exists `user` (
    `id` int not null primary key auto_increment,
    `username` varchar(128) not null unique,
    `email` varchar(128) not null,
    `password` varchar(255) not null,
    `role_id` int not null,
    `user_id` int,
    `active` tinyint(1) default 1,
    `created_on` datetime default current_timestamp,
    `changed_on` datetime,
    `created_by` int,
    `changed_by` int,
    foreign key (`role_id`) references `role` (`id`),
    index `idx_username` (`username`),
    index `idx_email` (`email`),
    index `idx_role_id` (`role_id`)
) engine = InnoDB row_format = dynamic default charset = utf8mb4 collate = utf8mb4_unicode_ci;

create table if not exists `all_session` (
    `id_session` int not null primary key auto_increment,
    `user_id` int not null,
    `token` varchar(500),
    `session_start` datetime,
    `session_end` datetime,
    `device_info` varchar(255),
    `user_agent` text,
    `ip_address` varchar(45),
    `active` tinyint(1) default 1,
    `created_on` datetime default current_timestamp,
    foreign key (`user_id`) references `user` (`id`),
    index `idx_user_id` (`user_id`),
    index `idx_token` (`token`(100))
) engine = InnoDB row_format = dynamic default charset = utf8mb4 collate = utf8mb4_unicode_ci;

create table if not exists `session_info` (
    `user_id` int not null primary key,
    `no_of_logins` int default 0,
    `last_login` datetime,
    foreign key (`user_id`) references `user` (`id`)
) engine = InnoDB row_format = dynamic default charset = utf8mb4 collate = utf8mb4_unicode_ci;

create table if not exists `leads` (
    `id` int not null primary key auto_increment,
    `firm_name` varchar(128),
    `company_id` int not null,
    `crm_company_id` int,
    `client_first_name` varchar(45),
    `client_last_name` varchar(45),
    `client_email_id` varchar(128),
    `client_mobile_no` varchar(45),
    `whatsapp_number` varchar(20),
    `integration_first_name` varchar(45),
    `integration_last_name` varchar(45),
    `integration_mobile_no` varchar(128),
    `integration_email_id` varchar(128),
    `industry` varchar(45),
    `website` varchar(164),
    `erp` varchar(32),
    `erp_version` text,
    `gstno` varchar(32),
    `status` varchar(32),
    `lead_status` varchar(32),
    `reason_for_lost` varchar(45),
    `qualified` tinyint(1) default 0,
    `qualified_by` varchar(32),
    `warrior_id` varchar(128),
    `shared_salesperson_id` varchar(128),
    `price_plan_id` int,
    `plan_expiry_date` date,
    `user_count` int,
    `crm_price_plan_id` int,
    `crm_plan_expiry_date` date,
    `crm_user_count` int,
    `probability` int default 0,
    `tentative_value` int default 0,
    `platform_id` json,
    `source` varchar(128),
    `pain_point` text,
    `remarks` text,
    `adset_name` varchar(128),
    `drive_location` text,
    `paid` tinyint(1) default 0,
    `favourite` int default 0,
    `is_user` tinyint(1) default 0,
    `is_deleted` int default 0,
    `excel_created_on` datetime default '1900-01-01 00:00:00',
    `converted_to_customer_on` datetime,
    `no_of_subcompanies` int,
    `created_on` datetime default current_timestamp,
    `changed_on` datetime,
    `created_by` int,
    `changed_by` int,
    index `idx_company_id` (`company_id`),
    index `idx_status` (`status`),
    index `idx_warrior_id` (`warrior_id`),
    index `idx_email` (`client_email_id`),
    index `idx_mobile` (`client_mobile_no`),
    index `idx_created_on` (`created_on`),
    unique index `idx_client_email` (`client_email_id`, `company_id`)
) engine = InnoDB row_format = dynamic default charset = utf8mb4 collate = utf8mb4_unicode_ci;

create table if not exists `lead_status` (
    `id` int not null primary key auto_increment,
    `lead_id` int not null,
    `status` varchar(32),
    `changed_on` datetime default current_timestamp,
    `changed_by` int,
    `reason_for_change` text,
    foreign key (`lead_id`) references `leads` (`id`) on delete cascade,
    index `idx_lead_id` (`lead_id`),
    index `idx_status` (`status`),
    index `idx_changed_on` (`changed_on`)
) engine = InnoDB row_format = dynamic default charset = utf8mb4 collate = utf8mb4_unicode_ci;

create table if not exists `lead_logs` (
    `id` int not null primary key auto_increment,
    `lead_id` int not null,
    `company_id` int not null,
    `activity_type` varchar(50),
    `activity_details` text,
    `logged_by` int,
    `logged_on` datetime default current_timestamp,
    `metadata` json,
    foreign key (`lead_id`) references `leads` (`id`) on delete cascade,
    index `idx_lead_id` (`lead_id`),
    index `idx_company_id` (`company_id`),
    index `idx_logged_on` (`logged_on`)
) engine = InnoDB row_format = dynamic default charset = utf8mb4 collate = utf8mb4_unicode_ci;

create table if not exists `salesperson` (
    `id` int not null primary key auto_increment,
    `user_id` int not null,
    `manager_id` int,
    `under_salesperson` varchar(255),
    `territory` varchar(128),
    `target_value` decimal(15, 2),
    `active` tinyint(1) default 1,
    `created_on` datetime default current_timestamp,
    foreign key (`user_id`) references `user` (`id`),
    index `idx_user_id` (`user_id`),
    index `idx_manager_id` (`manager_id`),
    fulltext index `ft_territory` (`territory`)
) engine = InnoDB row_format = dynamic default charset = utf8mb4 collate = utf8mb4_unicode_ci;

create table if not exists `warrior` (
    `id` int not null primary key auto_increment,
    `user_id` int not null,
    `salesperson_id` int,
    `partner_company_id` int,
    `data_visibility` varchar(50),
    `active` tinyint(1) default 1,
    `created_on` datetime default current_timestamp,
    foreign key (`user_id`) references `user` (`id`),
    index `idx_user_id` (`user_id`),
    index `idx_salesperson_id` (`salesperson_id`)
) engine = InnoDB row_format = dynamic default charset = utf8mb4 collate = utf8mb4_unicode_ci;

create table if not exists `partner_company` (
    `id` int not null primary key auto_increment,
    `company_id` int not null,
    `partner_name` varchar(128) not null,
    `contact_person` varchar(128),
    `email` varchar(128),
    `phone` varchar(20),
    `address` text,
    `city` varchar(50),
    `active` tinyint(1) default 1,
    `created_on` datetime default current_timestamp,
    index `idx_company_id` (`company_id`),
    index `idx_partner_name` (`partner_name`)
) engine = InnoDB row_format = dynamic default charset = utf8mb4 collate = utf8mb4_unicode_ci;

create table if not exists `followup_activity` (
    `id` int not null primary key auto_increment,
    `lead_id` int not null,
    `salesperson_id` int,
    `warrior_id` int,
    `next_followup_date` datetime,
    `followup_description` text,
    `followup_status` varchar(50),
    `actual_followup_date` datetime,
    `comments` text,
    `created_on` datetime default current_timestamp,
    `changed_on` datetime,
    foreign key (`lead_id`) references `leads` (`id`) on delete cascade,
    index `idx_lead_id` (`lead_id`),
    index `idx_next_followup_date` (`next_followup_date`)
) engine = InnoDB row_format = dynamic default charset = utf8mb4 collate = utf8mb4_unicode_ci;

create table if not exists `whatsapp_messages` (
    `id` int not null primary key auto_increment,
    `lead_id` int,
    `company_id` int not null,
    `phone_number` varchar(20),
    `message_type` varchar(50),
    `message` text,
    `status` varchar(50),
    `sent_on` datetime default current_timestamp,
    `delivered_on` datetime,
    `read_on` datetime,
    `message_id` varchar(128) unique,
    foreign key (`lead_id`) references `leads` (`id`) on delete set null,
    index `idx_lead_id` (`lead_id`),
    index `idx_sent_on` (`sent_on`),
    index `idx_status` (`status`)
) engine = InnoDB row_format = dynamic default charset = utf8mb4 collate = utf8mb4_unicode_ci;

create table if not exists `iperform_mail` (
    `id` int not null primary key auto_increment,
    `lead_id` int,
    `user_id` int not null,
    `recipient_email` varchar(128),
    `subject` varchar(255),
    `body` text,
    `status` varchar(30),
    `date` datetime default current_timestamp,
    `mail_type` varchar(35),
    `opened_count` int default 0,
    `opened_on` datetime,
    foreign key (`lead_id`) references `leads` (`id`) on delete set null,
    index `idx_lead_id` (`lead_id`),
    index `idx_status` (`status`),
    index `idx_date` (`date`)
) engine = InnoDB row_format = dynamic default charset = utf8mb4 collate = utf8mb4_unicode_ci;

-- idx_lead_id of `tickets` and idx_user_id of `deleted_files` are not in the notes: InnoDB makes an index for each
-- foreign key anyway, under a name that depends on the server, so they are named here.
create table if not exists `tickets` (
    `id` int not null primary key auto_increment,
    `lead_id` int,
    `company_id` int not null,
    `title` varchar(255) not null,
    `description` text,
    `ticket_type` varchar(50),
    `priority` varchar(20),
    `status` varchar(50),
    `assigned_to` int,
    `created_by` int not null,
    `created_on` datetime default current_timestamp,
    `resolved_on` datetime,
    `resolution_notes` text,
    foreign key (`lead_id`) references `leads` (`id`) on delete set null,
    index `idx_lead_id` (`lead_id`),
    index `idx_company_id` (`company_id`),
    index `idx_status` (`status`),
    index `idx_created_on` (`created_on`)
) engine = InnoDB row_format = dynamic default charset = utf8mb4 collate = utf8mb4_unicode_ci;

create table if not exists `ticket_communication` (
    `id` int not null primary key auto_increment,
    `ticket_id` int not null,
    `commented_by` int,
    `comment_text` text,
    `attachment_url` varchar(255),
    `commented_on` datetime default current_timestamp,
    foreign key (`ticket_id`) references `tickets` (`id`) on delete cascade,
    index `idx_ticket_id` (`ticket_id`)
) engine = InnoDB row_format = dynamic default charset = utf8mb4 collate = utf8mb4_unicode_ci;

create table if not exists `login_history` (
    `id` int not null primary key auto_increment,
    `user_id` int not null,
    `login_on` datetime default current_timestamp,
    `logout_on` datetime,
    `device_info` varchar(255),
    `ip_address` varchar(45),
    `location` varchar(128),
    foreign key (`user_id`) references `user` (`id`) on delete cascade,
    index `idx_user_id` (`user_id`),
    index `idx_login_on` (`login_on`)
) engine = InnoDB row_format = dynamic default charset = utf8mb4 collate = utf8mb4_unicode_ci;

create table if not exists `logs` (
    `id` int not null primary key auto_increment,
    `user_id` int,
    `company_id` int,
    `endpoint` varchar(255),
    `method` varchar(10),
    `request_body` text,
    `response_status` int,
    `response_body` text,
    `execution_time_ms` int,
    `logged_on` datetime default current_timestamp,
    index `idx_user_id` (`user_id`),
    index `idx_logged_on` (`logged_on`),
    index `idx_endpoint` (`endpoint`)
) engine = InnoDB row_format = dynamic default charset = utf8mb4 collate = utf8mb4_unicode_ci;

create table if not exists `deleted_files` (
    `id` int not null primary key auto_increment,
    `user_id` int not null,
    `deleted_file` varchar(255),
    `file_path` text,
    `comment` text,
    `deleted_on` datetime default current_timestamp,
    foreign key (`user_id`) references `user` (`id`),
    index `idx_user_id` (`user_id`),
    index `idx_deleted_on` (`deleted_on`)
) engine = InnoDB row_format = dynamic default charset = utf8mb4 collate = utf8mb4_unicode_ci;

-- The notes give no DDL for this one; the analytics mirror reads `lead_id` and `scheduled_date` from it.
create table if not exists `demo_scheduled_data` (
    `id` int not null primary key auto_increment,
    `lead_id` int not null,
    `scheduled_date` datetime,
    `created_on` datetime default current_timestamp,
    index `idx_lead_id` (`lead_id`)
) engine = InnoDB row_format = dynamic default charset = utf8mb4 collate = utf8mb4_unicode_ci;
