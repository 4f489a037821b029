-- How many leads are a warrior's, and of which companies: what is asked of all leads of a caller, answered from this
-- index alone. `idx_warrior_id` stays: it lists one warrior's newest leads in order.

create index `idx_warrior_deleted_company` on `leads` (`warrior_id`, `is_deleted`, `company_id`);
