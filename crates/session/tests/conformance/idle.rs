//! Every event in Idle.

use crate::table::rows;

rows! { Idle
    idle_manual_start: ManualStart, Plain => [ZeroRetryCounter, StartConnectRetry, Dial], Connect, live;
    idle_manual_stop: ManualStop, Plain => [], Idle, live;
    idle_automatic_start: AutomaticStart, Plain => [ZeroRetryCounter, StartConnectRetry, Dial], Connect, never "an automatic start listens first: Event 5 or 7";
    idle_manual_start_passive: ManualStartWithPassiveTcpEstablishment, Passive => [ZeroRetryCounter, StartConnectRetry], Active, live;
    idle_automatic_start_passive: AutomaticStartWithPassiveTcpEstablishment, Undamped => [ZeroRetryCounter, StartConnectRetry], Active, live;
    idle_automatic_start_damped_held_back: AutomaticStartWithDampPeerOscillations, IdleHoldRunning => [], Idle, never "an automatic start listens first: Event 5 or 7";
    idle_automatic_start_damped: AutomaticStartWithDampPeerOscillations, Plain => [StartConnectRetry, Dial], Connect, never "an automatic start listens first: Event 5 or 7";
    idle_automatic_start_damped_passive_held_back: AutomaticStartWithDampPeerOscillationsAndPassiveTcpEstablishment, IdleHoldRunning => [], Idle, never "a start is raised when the IdleHoldTimer has expired: Event 13";
    idle_automatic_start_damped_passive: AutomaticStartWithDampPeerOscillationsAndPassiveTcpEstablishment, Plain => [StartConnectRetry], Active, live;
    idle_automatic_stop: AutomaticStop, Plain => [], Idle, live;
    idle_connect_retry_timer_expires: ConnectRetryTimerExpires, Plain => [], Idle, never "the timer is not armed in this state";
    idle_hold_timer_expires: HoldTimerExpires, Plain => [], Idle, never "the timer is not armed in this state";
    idle_keepalive_timer_expires: KeepaliveTimerExpires, Plain => [], Idle, never "the timer is not armed in this state";
    idle_delay_open_timer_expires: DelayOpenTimerExpires, Plain => [], Idle, never "the timer is not armed in this state";
    idle_idle_hold_timer_expires: IdleHoldTimerExpires, Plain => [StartConnectRetry, Dial], Connect, live;
    idle_idle_hold_timer_expires_passive: IdleHoldTimerExpires, Passive => [StartConnectRetry], Active, live;
    idle_tcp_connection_valid: TcpConnectionValid, Plain => [Refuse], Idle, never "TrackTcpState is not supported: only connections that are up are told of";
    idle_tcp_cr_invalid: TcpCrInvalid, Plain => [Refuse], Idle, live;
    idle_tcp_cr_acked: TcpCrAcked, Plain => [Refuse], Idle, never "no connection is being opened in Idle";
    idle_tcp_connection_confirmed: TcpConnectionConfirmed, Plain => [Refuse], Idle, live;
    idle_tcp_connection_fails: TcpConnectionFails, Plain => [], Idle, live;
    idle_bgp_open: BgpOpen, Plain => [], Idle, live;
    idle_bgp_open_while_delaying: BgpOpenWithDelayOpenTimerRunning, Plain => [], Idle, never "there is no connection that could fail, speak or collide";
    idle_bgp_header_err: BgpHeaderErr, Plain => [], Idle, live;
    idle_bgp_open_msg_err: BgpOpenMsgErr, Plain => [], Idle, live;
    idle_open_collision_dump: OpenCollisionDump, Plain => [], Idle, never "there is no connection that could fail, speak or collide";
    idle_notif_msg_ver_err: NotifMsgVerErr, Plain => [], Idle, live;
    idle_notif_msg: NotifMsg, Plain => [], Idle, live;
    idle_keep_alive_msg: KeepAliveMsg, Plain => [], Idle, live;
    idle_update_msg: UpdateMsg, Plain => [], Idle, live;
    idle_update_msg_err: UpdateMsgErr, Plain => [], Idle, live;
    idle_send_hold_timer_expires: SendHoldTimerExpires, Plain => [], Idle, never "the timer is not armed in this state";
    idle_route_refresh_msg: RouteRefreshMsg, Plain => [], Idle, live;
}
