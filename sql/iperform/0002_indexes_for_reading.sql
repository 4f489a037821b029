-- Indexes that the gateway's reads need and the estate lacks. An InnoDB index ends in the primary key, so
-- `(lead_id)`, `(ticket_id)`, `(warrior_id)` and `(company_id)` already list a parent's newest rows in order:
-- none of them is repeated here with `id` after it.

-- A ticket is visible to whom it is assigned to and to who wrote it, with or without a lead.
create index `idx_assigned_to` on `tickets` (`assigned_to`);
create index `idx_created_by` on `tickets` (`created_by`);

-- A mail without a lead is visible to its own user.
create index `idx_user_id` on `iperform_mail` (`user_id`);

-- From a client's account in `magenta` to the staff table, and from a partner's token to its warriors.
create index `idx_user_id` on `user` (`user_id`);
create index `idx_partner_company_id` on `warrior` (`partner_company_id`);
