//! Every path of the Worker: which there are, and which methods each takes. The router finds its handlers by this table, and the
//! `OpenAPI` document describes it, so neither has a path that the other lacks.
//!
//! Paths of documents are not here: tenants choose them (`preset/path.rs`).

/// A path of the Worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// Posts of events.
    Events,
    /// A session, live.
    Live,
    /// The state of a session.
    State,
    /// Its log.
    Log,
    /// Who is here.
    Presence,
    /// Posts of revocations.
    Revocations,
    /// Whether the deployment is well.
    Health,
    /// The names of all tenants.
    Tenants,
    /// One tenant.
    Tenant,
    /// Encrypts its secrets anew.
    Reseal,
    /// Revokes tokens of one of its users.
    TenantRevocations,
    /// Has its rooms report.
    Watch,
    /// The names of its rooms.
    Rooms,
    /// How one of them stands.
    Room,
    /// What it has used, and what that costs.
    Usage,
    /// What all tenants use, for a monitoring system.
    Metrics,
    /// The operator's console, live.
    Console,
    /// The page with everything that can be watched.
    Start,
    /// The page of the console.
    ConsolePage,
    /// A dashboard, or a file of one.
    Page,
    /// The document of all that is asked over HTTP.
    OpenApi,
    /// The same as a page.
    OpenApiPage,
    /// The document of all that is said over WebSockets.
    AsyncApi,
    /// The same as a page.
    AsyncApiPage,
}

/// What stands in a path where its template has names, in order.
pub type Parts<'p> = [&'p str; 2];

impl Route {
    /// All of them. Those that are asked most come first.
    pub const ALL: &'static [Self] = &[
        Self::Events,
        Self::Live,
        Self::State,
        Self::Log,
        Self::Presence,
        Self::Revocations,
        Self::Health,
        Self::Tenants,
        Self::Tenant,
        Self::Reseal,
        Self::TenantRevocations,
        Self::Watch,
        Self::Rooms,
        Self::Room,
        Self::Usage,
        Self::Metrics,
        Self::Console,
        Self::Start,
        Self::ConsolePage,
        Self::Page,
        Self::OpenApi,
        Self::OpenApiPage,
        Self::AsyncApi,
        Self::AsyncApiPage,
    ];

    /// Its path: a name in braces stands for a segment, and with a plus for all that follow (RFC 6570).
    pub const fn template(self) -> &'static str {
        match self {
            Self::Events => "/api/events",
            Self::Live => "/api/sessions/{session}/live",
            Self::State => "/api/sessions/{session}/state",
            Self::Log => "/api/sessions/{session}/log",
            Self::Presence => "/api/sessions/{session}/presence",
            Self::Revocations => "/api/revocations",
            Self::Health => "/healthz",
            Self::Tenants => "/admin/tenants",
            Self::Tenant => "/admin/tenants/{tenant}",
            Self::Reseal => "/admin/tenants/{tenant}/reseal",
            Self::TenantRevocations => "/admin/tenants/{tenant}/revocations",
            Self::Watch => "/admin/tenants/{tenant}/watch",
            Self::Rooms => "/admin/tenants/{tenant}/rooms",
            Self::Room => "/admin/tenants/{tenant}/rooms/{+room}",
            Self::Usage => "/admin/tenants/{tenant}/usage",
            Self::Metrics => "/admin/metrics",
            Self::Console => "/admin/console/live",
            Self::Start => "/",
            Self::ConsolePage => "/console",
            Self::Page => "/dashboard/{+file}",
            Self::OpenApi => "/openapi.json",
            Self::OpenApiPage => "/openapi",
            Self::AsyncApi => "/asyncapi.json",
            Self::AsyncApiPage => "/asyncapi",
        }
    }

    /// The part of its path before the first name; empty for the start page.
    pub fn fixed(self) -> &'static str {
        let template = self.template();
        template.split_once("/{").map_or(template, |(fixed, _)| fixed).trim_end_matches('/')
    }

    /// The methods that it takes, as the header `Allow` lists them.
    pub const fn methods(self) -> &'static str {
        match self {
            Self::Events
            | Self::Revocations
            | Self::Reseal
            | Self::TenantRevocations
            | Self::Watch => "POST",
            Self::State | Self::Log | Self::Presence => "GET, HEAD, OPTIONS",
            Self::Tenant => "GET, HEAD, PUT, DELETE",
            _ => "GET, HEAD",
        }
    }

    /// Whether it takes a method, which is named as in a request.
    pub fn takes(self, method: &str) -> bool {
        self.methods().split(", ").any(|one| one == method)
    }

    /// The route of a path, and what stands in the path where the template has names.
    pub fn find(path: &str) -> Option<(Self, Parts<'_>)> {
        Self::ALL.iter().find_map(|route| Some((*route, parts(route.template(), path)?)))
    }
}

fn parts<'p>(template: &str, path: &'p str) -> Option<Parts<'p>> {
    let mut parts = [""; 2];
    let mut free = parts.iter_mut();
    let mut left = Some(path);
    for wanted in template.split('/') {
        let here = left?;
        let (segment, after) = here.split_once('/').map_or((here, None), |(a, b)| (a, Some(b)));
        left = after;
        if wanted.starts_with("{+") {
            *free.next()? = here;
            return Some(parts);
        } else if wanted.starts_with('{') {
            *free.next()? = segment;
        } else if wanted != segment {
            return None;
        }
    }
    left.is_none().then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_is_found_at_its_own_path() {
        for route in Route::ALL {
            let path = route.template().replace("{+", "{");
            let names = path.split(['{', '}']).skip(1).step_by(2).collect::<Vec<_>>();
            let path = names.iter().fold(path.clone(), |path, name| {
                path.replace(&format!("{{{name}}}"), &format!("a-{name}"))
            });
            let (found, parts) = Route::find(&path).unwrap();
            assert_eq!(found, *route, "{path}");
            for (part, name) in parts.iter().zip(&names) {
                assert_eq!(*part, format!("a-{name}"), "{path}");
            }
        }
    }

    #[test]
    fn only_the_last_name_may_stand_for_several_segments() {
        let room = Some((Route::Room, ["acme", "admin/all"]));
        assert_eq!(Route::find("/admin/tenants/acme/rooms/admin/all"), room);
        assert_eq!(Route::find("/api/sessions//live"), Some((Route::Live, ["", ""])));
        for path in [
            "",
            "/api/events/",
            "/api/event",
            "/api/sessions/a/b/live",
            "/API/events",
            "/admin",
            "/healthz/x",
            "/dashboard",
        ] {
            assert_eq!(Route::find(path), None, "{path}");
        }
    }

    #[test]
    fn a_route_takes_the_methods_that_it_lists() {
        let all = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"];
        for route in Route::ALL {
            let taken: Vec<_> = all.into_iter().filter(|method| route.takes(method)).collect();
            assert_eq!(taken.join(", "), route.methods());
            assert!(!route.takes("") && !route.takes("get") && !route.takes("GET, HEAD"));
        }
    }
}
