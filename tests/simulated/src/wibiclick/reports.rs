//! Figures that are worked out from what is stored.

use serde_json::{Value, json};

use super::State;
use super::call::{Call, Outcome, member};
use crate::answer::Answer;

/// What a technician gets for each job.
const PER_JOB: usize = 150;

fn sum(things: &[&Value], name: &str) -> f64 {
    things.iter().filter_map(|thing| thing.get(name)?.as_f64()).fold(0.0, |sum, amount| sum + amount)
}

fn of_customer<'s>(state: &'s State, list: &str, customer: &str) -> Vec<&'s Value> {
    state.store.all(list).iter().filter(|thing| member(thing, "customerId") == customer).collect()
}

pub(super) fn financials(state: &State, call: &Call<'_>) -> Outcome {
    let invoices = of_customer(state, "invoices", call.variable());
    let (sales, paid) = (sum(&invoices, "sales"), sum(&invoices, "paid"));
    let answer =
        json!({ "customerId": call.variable(), "totalSales": sales, "totalPaid": paid, "outstanding": sales - paid });
    Ok(Answer::json(200, &answer))
}

/// The jobs of an employee in the month that the query has; without one, all of them.
fn jobs<'s>(state: &'s State, call: &Call<'_>, employee: &str) -> Vec<&'s Value> {
    let of = state.store.all("jobs").iter().filter(|job| member(job, "employeeId") == employee);
    let start = match (call.count("year"), call.count("month")) {
        (Some(year), Some(month)) => format!("{year:04}-{month:02}-"),
        (Some(year), None) => format!("{year:04}-"),
        _ => String::new(),
    };
    of.filter(|job| member(job, "slotStart").starts_with(&start)).collect()
}

pub(super) fn monthly_summary(state: &State, call: &Call<'_>) -> Outcome {
    let employee = state.find("employees", call.variable(), call.website())?;
    let jobs = jobs(state, call, call.variable());
    let paid = |job: &&Value| {
        let invoices = state.store.all("invoices").iter().filter(|i| member(i, "jobId") == member(job, "id"));
        sum(&invoices.collect::<Vec<_>>(), "paid")
    };
    let payments = jobs.iter().map(paid).fold(0.0, |sum, amount| sum + amount);
    let summary = json!({
        "totalPayments": payments, "totalExpenses": 0, "netRevenue": payments, "jobCount": jobs.len(),
    });
    let answer = json!({ "employeeDetails": employee, "jobsForMonth": jobs, "monthlySummary": summary });
    Ok(Answer::json(200, &answer))
}

pub(super) fn technician_month(state: &State, call: &Call<'_>) -> Outcome {
    let technician = state.find("employees", call.variable(), call.website())?;
    let jobs = jobs(state, call, call.variable());
    let answer = json!({ "technician": technician, "jobs": jobs, "salary": jobs.len() * PER_JOB });
    Ok(Answer::json(200, &answer))
}

pub(super) fn salary(state: &State, call: &Call<'_>) -> Outcome {
    let salary = jobs(state, call, call.variable()).len() * PER_JOB;
    Ok(Answer::json(200, &json!({ "salary": salary })))
}

pub(super) fn performance(state: &State, call: &Call<'_>) -> Outcome {
    let technicians = state.of("employees", call.website()).map(|employee| {
        let id = member(employee, "id");
        json!({ "technicianId": id, "jobs": jobs(state, call, id).len() })
    });
    Ok(Answer::json(200, &json!({ "technicians": technicians.collect::<Vec<_>>() })))
}

pub(super) fn analytics(state: &State, call: &Call<'_>) -> Outcome {
    Ok(Answer::json(200, &json!({ "analytics": figures(state, call) })))
}

pub(super) fn website_performance(state: &State, call: &Call<'_>) -> Outcome {
    Ok(Answer::json(200, &figures(state, call)))
}

fn figures(state: &State, call: &Call<'_>) -> Value {
    let count = |list: &str| state.of(list, call.website()).count();
    json!({ "views": count("views"), "clicks": count("clicks"), "jobs": count("jobs") })
}

/// The latest first.
pub(super) fn clicks(state: &State, call: &Call<'_>) -> Outcome {
    let mut clicks: Vec<&Value> = state.of("clicks", call.website()).collect();
    clicks.reverse();
    Ok(Answer::json(200, &json!({ "clicks": clicks })))
}

pub(super) fn views(state: &State, call: &Call<'_>) -> Outcome {
    Ok(Answer::json(200, &json!({ "views": state.of("views", call.website()).collect::<Vec<_>>() })))
}
